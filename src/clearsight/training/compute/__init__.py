"""How a step is computed: precision, memory layout, smaller parts where memory ends."""
