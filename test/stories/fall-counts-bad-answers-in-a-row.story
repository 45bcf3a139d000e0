# vrrp_script: `fall 3` is the third bad answer in a row and not the second, `rise 2` the second good one and not the
# first. The check weighs -30: Master with 120, and with 90 while it is down.

check script/a fall=3 rise=2
router priority=120 track=script/a:-30 garp_master_delay=0s
startup
wait 3.53125s
answer script/a good bad bad
state
----
initialize -> backup (startup)
at 3.53125s
backup -> master (master_silent)
  send advert priority=120
  add 10.0.0.100
  announce 10.0.0.100 x5
master priority=120 due in 1s

answer script/a bad
----
  send advert priority=90

# A good one between bad ones begins the count anew, and so does a bad one between good ones.

answer script/a good bad good
state
----
master priority=90 due in 1s

answer script/a good
answer script/a bad bad good bad bad
state
----
  send advert priority=120
master priority=120 due in 1s
