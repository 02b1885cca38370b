"""What the tree tells of attributes: what classes and modules have, and how others use it."""
