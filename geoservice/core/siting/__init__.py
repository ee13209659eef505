"""Where to see from: pure geometry and optics."""
