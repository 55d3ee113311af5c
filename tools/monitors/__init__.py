"""Monitors: each measures a model where its predictions are recorded, behind port Monitor."""
