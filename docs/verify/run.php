<?php

// php docs/verify/run.php < test/vectors/signatures.json: what verify.php says of each vector of a secret, a line each.

require __DIR__ . '/verify.php';

foreach (json_decode(stream_get_contents(STDIN), true)['vectors'] as $vector) {
    if (!str_starts_with($vector['key'], 'whsec_')) {
        continue;
    }
    try {
        verify($vector['key'], $vector['headers'], $vector['body'], $vector['now']);
        echo "valid\n";
    } catch (UnexpectedValueException $error) {
        echo "invalid: {$error->getMessage()}\n";
    }
}
