"""Nursing: vital signs of a whole ward, fluids, doses given, care notes, the handover of a shift."""
