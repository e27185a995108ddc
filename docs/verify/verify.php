<?php

/**
 * Throws unless a webhook is genuine, and not more than five minutes old.
 * $secret: whsec_…, as it was shown with the endpoint
 * $headers: by names in small letters: array_change_key_case(getallheaders())
 * $body: the bytes that came: file_get_contents('php://input')
 */
function verify(string $secret, array $headers, string $body, ?int $now = null): void
{
    $now ??= time();
    $id = $headers['webhook-id'] ?? '';
    $timestamp = $headers['webhook-timestamp'] ?? '';
    $signatures = $headers['webhook-signature'] ?? '';
    if ($id === '' || $timestamp === '' || $signatures === '') {
        throw new UnexpectedValueException('header missing');
    }
    if (!preg_match('/^[0-9]{1,15}$/D', $timestamp)) {
        throw new UnexpectedValueException('timestamp malformed');
    }
    if ((int) $timestamp < $now - 300) {
        throw new UnexpectedValueException('timestamp too old');
    }
    if ((int) $timestamp > $now + 300) {
        throw new UnexpectedValueException('timestamp too new');
    }

    $key = base64_decode(str_replace('whsec_', '', $secret));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $signatures) as $given) {
        if (hash_equals($expected, $given)) {
            return;
        }
    }
    throw new UnexpectedValueException('no signature fits');
}
