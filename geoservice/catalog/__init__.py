"""What files mean: layers and sources as data, readers, intake (validation)."""
