# B9.12: the first address on the interface is a virtual one.  The reload that takes it off
# the list must not make it the source in the moment before it is gone.

source 10.0.0.1 removed
source 10.0.0.101 10.0.0.1 added
router priority=255 address=10.0.0.100,10.0.0.101 interval=5s
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100 10.0.0.101
  announce 10.0.0.100 10.0.0.101 x5

reconfigure a address=10.0.0.100
----
  send advert priority=255
  remove 10.0.0.101
