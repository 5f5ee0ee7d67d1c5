"""The thing that is scaled: simulated or real, behind one protocol."""
