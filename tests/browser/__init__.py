"""The product in Chromium: real processes, real clocks, two people at once."""
