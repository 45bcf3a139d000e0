# RFC 5798 §7.1 has an owner discard every advertisement; owner_ignore_adverts does. Nobody but an owner is
# meant.

reconfigure
  owner priority=255 owner_ignore_adverts=yes
  other vrid=2 priority=254 owner_ignore_adverts=yes address=10.0.0.101
startup
hear router=owner priority=255 from=10.0.0.9
wait 3.007813s
hear router=owner priority=255 from=10.0.0.9
hear router=other priority=255 from=10.0.0.9
----
owner: initialize -> master (owner_startup)
other: initialize -> backup (startup)
  owner: send advert priority=255
  owner: add 10.0.0.100
  owner: announce 10.0.0.100 x5
at 1s
  owner: send advert priority=255
at 2s
  owner: send advert priority=255
at 3s
  owner: send advert priority=255
at 3.007813s
other: backup -> master (master_silent)
  other: send advert priority=254
  other: add 10.0.0.101
  other: announce 10.0.0.101 x5
other: master -> backup (peer_stronger)
  other: remove 10.0.0.101
