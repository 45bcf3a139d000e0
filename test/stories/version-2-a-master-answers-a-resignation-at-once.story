# RFC 3768 §6.4.3: priority 0 is answered at once, and Adver_Timer begins anew, 2 s from 0.5 s on. That the addresses are
# announced again is Keepalived's way.

router version=2 priority=255 interval=2s garp_master_delay=0s garp_lower_prio_delay=0s
startup
wait 0.5s
hear priority=0 interval=2s
state
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  send advert priority=255
  announce 10.0.0.100 x5
master priority=255 due in 2s
