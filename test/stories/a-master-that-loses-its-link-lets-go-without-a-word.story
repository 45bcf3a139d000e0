# Keepalived (B9.2): FAULT.  Priority 0 would have to go through the link that is
# down, so nothing is sent; the addresses go all the same.

router priority=255
startup
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5

link eth0 down
----
master -> fault (link_down)
  remove 10.0.0.100

# In FAULT there is no timer, nothing is heard, and nothing is answered.

hear priority=100
hear priority=0
ring
wait 10s
state
----
fault priority=255
