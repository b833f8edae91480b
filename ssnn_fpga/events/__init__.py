"""Event station: from recordings of an event camera to frames of event counts.

``source`` finds a data set (the user's, N-MNIST, or one emulated on the spot), ``dataset`` opens folders
and archives laid out by split and class, ``catalogue`` sets with layouts of their own, ``images`` sets of
pictures, which ``emulated`` records. ``recording`` and ``formats`` decode one file, ``compression`` turns
its events into T frames, ``frames`` does so for a whole split and ``cache`` keeps them.
``address_events`` packs events for the hardware. ``download`` fetches sets that tonic can fetch.
"""
