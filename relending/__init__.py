"""relending: simulate, account for and disclose lending supported by the re-lending facilities of the People's Bank of China."""
