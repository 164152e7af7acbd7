"""Objectives: supervised, adversarial, FixMatch, distillation, SimCLR."""
