"""The rules of Opsdesk: every verb, once. Doors call in; nothing here knows a door.

Words: docs/architecture.md lists them. Map: `tables` the schema; `uow` one action, one transaction; `permissions` who
may; `audit` what is on record; `queue` the life of an item; `sla` its deadlines; `resolutions` how it is settled;
`alerts` who is told; `intake` how work comes in.
"""
