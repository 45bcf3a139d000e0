# An instance may carry no address of its own (Keepalived's virtual_ipaddress is
# optional, B9.18); it advertises, and has nothing to add, announce or remove.

router priority=100 address=none
startup
wait 3.609375s
----
initialize -> backup (startup)
at 3.609375s
backup -> master (master_silent)
  send advert priority=100

hear priority=200
----
master -> backup (peer_stronger)
