"""The stages of LoopMind in dataflow order, one thin file each.

scan_folders -> read_prompt -> choose_loops -> arrange_song -> fit_loops -> mix_song ->
render_song -> write_documents. A file, its function and the tail of its node id share one name.
"""
