"""Event station: from recordings of an event camera to frames of event counts.

``source`` finds a data set (the user's, N-MNIST, or one emulated on the spot), ``dataset``
opens folders and archives, ``recording`` decodes one file, ``compression`` turns its events
into T frames, ``frames`` does so for a whole split. ``address_events`` packs events for the
hardware. ``download`` fetches the official N-MNIST.
"""
