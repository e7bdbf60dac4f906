using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>Asks how a device is bound, and what a key that is missing, unknown or in one header gets.</summary>
sealed class DeviceExperiments(ProbeClient client, ProbeBinding binding)
{
    ProbeAnswer? _again;
    int? _missing;

    public IEnumerable<Experiment> All =>
    [
        new("bind", "POST /devices, the first time", BindAsync),
        new("bind again", "POST /devices with the same serial number", BindAgainAsync),
        new("bind with a type", "type CUSTOM_CHRONO", WithTypeAsync),
        new("bind needs a type", "the same without type", WithoutTypeAsync),
        new("key missing", "bind again without a key", KeyMissingAsync),
        new("key unknown", "bind again with a made-up key", KeyUnknownAsync),
        new("api_key alone", "bind again with the key in api_key", token => AloneAsync(
            KeyHeaders.ApiKey, (profile, yes) => profile with { ApiKeyHeader = yes }, token)),
        new("x-api-key alone", "bind again with the key in x-api-key", token => AloneAsync(
            KeyHeaders.XApiKey, (profile, yes) => profile with { XApiKeyHeader = yes }, token)),
    ];

    async Task<Finding> BindAsync(CancellationToken cancellation)
    {
        ProbeAnswer first = binding.First;
        if (first.IsRepeat)
            return new("sent more than once, so it may have been bound by then");
        if (binding.WasBound == true)
            return new("the device was bound before");

        // Without a list only a difference shows that the first one bound it.
        if (binding.WasBound is null && (!first.IsSuccess
            || (await AgainAsync(cancellation).ConfigureAwait(false)).Status == first.Status))
        {
            return new($"{first.Words}: the device may have been bound before");
        }

        return Finding.Status(first, profile => profile with { BindStatus = first.Status });
    }

    async Task<Finding> BindAgainAsync(CancellationToken cancellation)
    {
        ProbeAnswer again = await AgainAsync(cancellation).ConfigureAwait(false);
        return Finding.Status(again, profile => profile with { BindAgainStatus = again.Status });
    }

    async Task<ProbeAnswer> AgainAsync(CancellationToken cancellation) => _again ??= await client.SendAsync(
        HttpMethod.Post, "devices", binding.Body, cancellation).ConfigureAwait(false);

    Task<Finding> WithTypeAsync(CancellationToken cancellation) => Task.FromResult(Finding.YesNo(
        binding.TakesType, binding.WithType.Words, (profile, yes) => profile with { BindTakesType = yes }));

    async Task<Finding> WithoutTypeAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await client.SendAsync(
            HttpMethod.Post, "devices", binding.BodyWithoutType, cancellation).ConfigureAwait(false);
        bool? refused = answer.Text("deviceid") is not null || answer.IsSuccess ? false
            : _again?.Text("deviceid") is not null ? true
            : _again is null || _again.Status == answer.Status ? null
            : true;
        return Finding.YesNo(refused, answer.Words, (profile, yes) => profile with { BindNeedsType = yes });
    }

    async Task<Finding> KeyMissingAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await SendAsync(KeyHeaders.None, null, cancellation).ConfigureAwait(false);
        _missing = answer.Status;
        return Finding.Status(answer, profile => profile with { KeyMissingStatus = answer.Status });
    }

    async Task<Finding> KeyUnknownAsync(CancellationToken cancellation)
    {
        ProbeAnswer answer = await SendAsync(null, binding.MadeUpKey, cancellation).ConfigureAwait(false);
        return Finding.Status(answer, profile => profile with { KeyUnknownStatus = answer.Status });
    }

    async Task<Finding> AloneAsync(
        KeyHeaders header, Func<CloudProfile, bool?, CloudProfile> into, CancellationToken cancellation)
    {
        ProbeAnswer answer = await SendAsync(header, null, cancellation).ConfigureAwait(false);
        bool? taken = answer.Text("deviceid") == binding.DeviceId ? true
            : answer.IsKeyRefused || answer.Status == _missing ? false
            : answer.Status == _again?.Status ? true
            : null;
        string others = client.Headers == KeyHeaders.Both ? "" : "; both together are refused";
        return Finding.YesNo(taken, answer.Words + others, into);
    }

    async Task<ProbeAnswer> SendAsync(KeyHeaders? headers, string? key, CancellationToken cancellation)
    {
        ProbeAnswer answer = await client.TrySendAsync(
            HttpMethod.Post, "devices", binding.Body, cancellation, headers, key).ConfigureAwait(false);
        return answer.Failure is null ? answer : throw new NoResultException(answer.Failure);
    }
}
