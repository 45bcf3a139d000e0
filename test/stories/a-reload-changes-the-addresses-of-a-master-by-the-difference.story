# B12.5, B15.2: what stays is not touched; what goes is removed before what comes is
# added; only what comes is announced.  The advertisement has the new list.

router name=a priority=255 address=10.0.0.100,10.0.0.101 interval=5s
startup
wait 1s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100 10.0.0.101
  announce 10.0.0.100 10.0.0.101 x5

reconfigure a address=10.0.0.101,10.0.0.102
----
  send advert priority=255
  remove 10.0.0.100
  add 10.0.0.102
  announce 10.0.0.102 x5

# The same address with another prefix is another address to the kernel.

reconfigure a address=10.0.0.101/25,10.0.0.102
----
  remove 10.0.0.101
  add 10.0.0.101/25
  announce 10.0.0.101/25 x5

# What was added is what goes.

shutdown
----
master -> initialize (shutdown)
  send advert priority=0
  remove 10.0.0.101/25 10.0.0.102
