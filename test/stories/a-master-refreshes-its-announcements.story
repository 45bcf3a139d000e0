# Keepalived (B12.3): every garp_master_refresh, garp_master_refresh_repeat rounds,
# counted from becoming Master; here every 1.5 s, two of them.  Without the keyword
# there are none.

router priority=255 interval=2s garp_master_delay=0s garp_master_refresh=1.5s garp_master_refresh_repeat=2
startup
wait 5s
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
at 1.5s
  announce 10.0.0.100 x2
at 2s
  send advert priority=255
at 3s
  announce 10.0.0.100 x2
at 4s
  send advert priority=255
at 4.5s
  announce 10.0.0.100 x2
