"""How networks are computed: devices, precision, memory, use without side effects."""
