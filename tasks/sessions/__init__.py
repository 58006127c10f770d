"""The sessions by subject; importing a module registers its sessions."""
