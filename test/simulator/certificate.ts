/** @module A certificate for localhost that nobody but itself has signed, until 2126. Its key is as public as this file. */

export const certificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgN4LYs/BkDnabhguP
2bNbxI7Mj/eZ/7uBD+6ykXwh+JGhRANCAASfqLDJOaaYm6fotd/Rs31LtZz7yUqT
qZLwvPUdEhRshTre4Yg5Y8mgVmH2BvpcxpwsJ/SDsk0f22XBkKnB05oN
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUWslYrSwmdc6dh8TDQvk8bbkfWpUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTAxNTkxM1oYDzIxMjYxMTAx
MDE1OTEzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASfqLDJOaaYm6fotd/Rs31LtZz7yUqTqZLwvPUdEhRshTre4Yg5Y8mg
VmH2BvpcxpwsJ/SDsk0f22XBkKnB05oNo28wbTAdBgNVHQ4EFgQUMAeXESfJaqDz
TzvE6nyrDyRp8tQwHwYDVR0jBBgwFoAUMAeXESfJaqDzTzvE6nyrDyRp8tQwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAPZ835lf0nnpanw5yiz8x5gYBmwl8bZlH0/uPZgHDjVtAiAn
9GQs1pPvW2FkmqX+dqOv4MypwtY5RhxuRQ88N3wD4A==
-----END CERTIFICATE-----
`,
}
