using System.Text.Json;

namespace RufusIngest.Tool.Probe;

/// <summary>How the probe came to its device, or why it did not.</summary>
sealed record ProbeBinding
{
    public const string Type = "CUSTOM_CHRONO";
    const string Model = "RufusIngest";

    public required string DeviceId { get; init; }

    /// <summary>Whether it was bound before; null: cannot be known.</summary>
    public bool? WasBound { get; init; }

    /// <summary>The answer that gave the device.</summary>
    public required ProbeAnswer First { get; init; }

    /// <summary>The answer to the attempt with a type.</summary>
    public required ProbeAnswer WithType { get; init; }

    /// <summary>Whether that one was taken; null: neither was.</summary>
    public bool? TakesType { get; init; }

    /// <summary>The body that is taken.</summary>
    public required string Body { get; init; }

    public required string BodyWithoutType { get; init; }

    public required string MadeUpKey { get; init; }

    /// <summary>Whether a listing of devices could be read.</summary>
    public bool CanList { get; init; }

    /// <summary>Binds the device, or finds it bound.</summary>
    /// <param name="client">Asks the server.</param>
    /// <param name="settings">Name the device.</param>
    /// <param name="requireFree">
    /// Called with the id of a device that is listed already, before anything is sent about it: one named by mistake stays
    /// as it is.
    /// </param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ToolException">The server cannot be reached, refuses the key or gives no device.</exception>
    public static async Task<ProbeBinding> FindAsync(
        ProbeClient client, ProbeSettings settings, Func<string, CancellationToken, Task> requireFree,
        CancellationToken cancellation)
    {
        ProbeAnswer list = await client.TrySendAsync(HttpMethod.Get, "devices", null, cancellation)
            .ConfigureAwait(false);
        if (list.Status == 0)
        {
            throw new ToolException(
                ExitCode.Unreachable, client.Line($"{client.Address} cannot be reached: {list.Failure}"));
        }

        string[] listed = [.. list.List("result")
            .Where(device => ProbeAnswer.Text(device, "serial_number") == settings.Serial)
            .Select(device => ProbeAnswer.Text(device, "deviceid") ?? "")];
        if (listed.FirstOrDefault(known => known.Length > 0) is { } before)
            await requireFree(before, cancellation).ConfigureAwait(false);
        string without = BodyOf(settings.Serial, null);
        string with = BodyOf(settings.Serial, Type);
        ProbeAnswer typed = await BindAsync(client, with, cancellation).ConfigureAwait(false);
        bool isTyped = typed.Text("deviceid") is not null;
        ProbeAnswer taken = isTyped
            ? typed
            : await client.TrySendAsync(HttpMethod.Post, "devices", without, cancellation).ConfigureAwait(false);
        string? id = taken.Text("deviceid") ?? listed.FirstOrDefault(known => known.Length > 0);
        if (id is null)
        {
            throw new ToolException(
                ExitCode.Refused, client.Line($"no device, the probe ends: binding gave {taken.Words}."));
        }

        bool isKnown = taken.Text("deviceid") is not null;
        return new ProbeBinding
        {
            DeviceId = id,
            WasBound = listed.Length > 0 ? true : list.IsSuccess && IsWhole(list) ? false : null,
            First = taken,
            WithType = typed,
            TakesType = isTyped ? true : isKnown ? false : null,
            Body = isTyped || !isKnown ? with : without,
            BodyWithoutType = without,
            MadeUpKey = ProbeSubject.MadeUpLike(settings.ApiKey),
            CanList = list.IsSuccess,
        };
    }

    /// <summary>Binds with a type, with the key in whichever headers are taken.</summary>
    static async Task<ProbeAnswer> BindAsync(ProbeClient client, string body, CancellationToken cancellation)
    {
        ProbeAnswer both = await client.TrySendAsync(HttpMethod.Post, "devices", body, cancellation)
            .ConfigureAwait(false);
        if (!both.IsKeyRefused)
            return both;
        foreach (KeyHeaders alone in new[] { KeyHeaders.XApiKey, KeyHeaders.ApiKey })
        {
            client.Headers = alone;
            ProbeAnswer answer = await client.TrySendAsync(HttpMethod.Post, "devices", body, cancellation)
                .ConfigureAwait(false);
            if (!answer.IsKeyRefused)
                return answer;
        }

        throw new ToolException(
            ExitCode.Refused, client.Line($"the key is refused, or may not write: binding gave {both.Words}."));
    }

    static bool IsWhole(ProbeAnswer list) =>
        list.Root.ValueKind == JsonValueKind.Object
        && !(list.Root.TryGetProperty("pagination", out JsonElement paging)
            && paging.ValueKind == JsonValueKind.Object
            && paging.TryGetProperty("has_more", out JsonElement more)
            && more.ValueKind == JsonValueKind.True);

    static string BodyOf(string serial, string? type) => JsonSerializer.Serialize(
        new[] { ("type", type), ("model", Model), ("serial_number", serial), ("alias", ProbeSubject.Alias) }
            .Where(member => member.Item2 is not null)
            .ToDictionary(member => member.Item1, member => member.Item2));
}
