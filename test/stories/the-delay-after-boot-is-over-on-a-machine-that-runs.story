# vrrp_delay_after_boot 4 s: at 10 s there is nothing left of it, and a start ends no delay that a shutdown
# has ended.

globals delay_after_boot=4s
router priority=255
wait 1s
startup
shutdown
wait 9s
startup
----
initialize -> initialize (shutdown)
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
