"""networkx: a shortest path"""

import networkx

graph = networkx.path_graph(10)
assert networkx.shortest_path(graph, 0, 9) == list(range(10))
