"""What a graph is: ports, node declaration, registry, document, presets, plan."""
