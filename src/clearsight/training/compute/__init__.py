"""How a step is computed: precision, memory layout, processes, smaller parts where memory ends."""
