"""HTTP: the gate, bodies, routes and protocols."""
