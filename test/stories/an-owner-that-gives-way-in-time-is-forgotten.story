# B9.7, the condition absent: the other owner was heard long ago, fell silent, and is heard anew; its time
# counts from then.

router priority=255
startup
hear priority=255 from=9.9.9.9
wait 20s
hear priority=255 from=9.9.9.9
----
initialize -> master (owner_startup)
  send advert priority=255
  add 10.0.0.100
  announce 10.0.0.100 x5
  send advert priority=255
  announce 10.0.0.100 x5
at 1s
  send advert priority=255
at 2s
  send advert priority=255
at 3s
  send advert priority=255
at 4s
  send advert priority=255
at 5s
  send advert priority=255
  announce 10.0.0.100 x5
  announce 10.0.0.100 x5
at 6s
  send advert priority=255
at 7s
  send advert priority=255
at 8s
  send advert priority=255
at 9s
  send advert priority=255
at 10s
  send advert priority=255
at 11s
  send advert priority=255
at 12s
  send advert priority=255
at 13s
  send advert priority=255
at 14s
  send advert priority=255
at 15s
  send advert priority=255
at 16s
  send advert priority=255
at 17s
  send advert priority=255
at 18s
  send advert priority=255
at 19s
  send advert priority=255
at 20s
  send advert priority=255
  send advert priority=255
  announce 10.0.0.100 x5
