"""The shipped item types, one module a family; importing this declares them all."""
