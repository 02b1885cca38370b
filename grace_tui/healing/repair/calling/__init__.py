"""What the tree tells of a refused call: parameters, call sites, documentation, kin. Asked by the operators."""
