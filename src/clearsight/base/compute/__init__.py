"""How networks are computed: devices, processes, precision, memory, use without side effects."""
