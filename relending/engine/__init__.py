"""The engine 引擎: the steps from a loan book to funding, disclosure and cost, as plain functions over blocks."""
