"""ONVIF: a camera says by itself where its streams are and what happens before it; a library of its own speaks to it,
in a process of its own (`worker`), which `process` keeps running."""
