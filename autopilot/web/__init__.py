"""The pages: rendered here, without a script, for a browser that has signed in."""
