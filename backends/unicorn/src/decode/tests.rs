//! Hand-assembled instructions.
