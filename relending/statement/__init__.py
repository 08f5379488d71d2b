"""The published statement 信息披露: its figures, its words, and the files it is printed to."""
