<?php

/**
 * Whether the signature in a webhook's header was made with our secret.
 */
function verify_signature(string $body, string $header, string $secret): bool
{
    [$algorithm, $signature] = explode('=', $header, 2);
    return $algorithm === 'sha256' && hash_equals(hash_hmac('sha256', $body, $secret), $signature);
}

/**
 * Takes the carrier's events in and answers at once; the work is done by a queue.
 */
function handle_webhook(string $body, array $headers, Queue $queue): int
{
    if (!verify_signature($body, $headers['X-Signature'] ?? '=', getenv('WEBHOOK_SECRET'))) {
        return 401;
    }
    foreach (json_decode($body, true)['events'] as $event) {
        $queue->push($event);
    }
    return 202;
}
