"""What holds for the code as a whole: sizes, imports, the documented settings, the built wheel."""
