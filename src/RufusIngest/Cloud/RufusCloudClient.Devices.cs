namespace RufusIngest.Cloud;

// Devices: bind, unbind, list, information, and telemetry where its route is configured.
public sealed partial class RufusCloudClient
{
    /// <summary>Devices on a full page, by the specification.</summary>
    const int DevicesPage = 5000;

    /// <summary>
    /// Registers a device under the account of the key, or finds it registered already: 409 with its id counts as
    /// bound. A server that refuses <c>type</c> is asked once more without it.
    /// </summary>
    /// <param name="model">Its model.</param>
    /// <param name="serialNumber">What makes it this device.</param>
    /// <param name="alias">Display name.</param>
    /// <param name="firmware">Version of its firmware.</param>
    /// <param name="deviceType">Kind of device; null: <see cref="RufusCloudOptions.DeviceType"/>.</param>
    /// <param name="cancellationToken">Ends the call; it may have been done.</param>
    /// <returns>The device id, to be kept by the caller.</returns>
    public async Task<string> BindDeviceAsync(
        string model, string serialNumber, string? alias = null, string? firmware = null, string? deviceType = null,
        CancellationToken cancellationToken = default)
    {
        const string Path = "devices";
        deviceType = _options.Profile?.BindTakesType == false ? null : deviceType ?? _options.DeviceType;
        CloudAnswer answer = await PostAsync(deviceType).ConfigureAwait(false);
        if (answer.Status == 400 && deviceType is not null)
            answer = await PostAsync(null).ConfigureAwait(false);
        if (answer.Status == 409 && CloudAnswer.Text(answer.Root, "deviceid") is { Length: > 0 } bound)
            return bound;
        RequireReadable(answer, HttpMethod.Post, Path, cancellationToken);
        return Member(answer, "deviceid", HttpMethod.Post, Path);

        Task<CloudAnswer> PostAsync(string? type) => CallAsync(
            HttpMethod.Post,
            Path,
            Write([("type", type), ("model", model), ("serial_number", serialNumber), ("alias", alias),
                ("firmware", firmware)]),
            _options.MaxAnswerBytes,
            cancellationToken);
    }

    /// <summary>
    /// Takes a device off the account. Needs a key with the unbind flag. <b>The cloud destroys every session and passing of
    /// the device with it</b>: nothing in this library calls it by itself.
    /// </summary>
    public Task UnbindDeviceAsync(string deviceId, CancellationToken cancellationToken = default) =>
        DoAsync(HttpMethod.Delete, "devices/" + Segment(deviceId), null, cancellationToken);

    /// <summary>
    /// Lists the devices of the account, page by page as they are asked for. Needs a key that may read. The listing ends
    /// like that of <see cref="GetSessionPassingsAsync"/>, but 404 is <see cref="RufusFailure.NotFound"/>: the path, which
    /// is not documented, may be another one (<see cref="RufusCloudOptions.DevicesPath"/>).
    /// </summary>
    public IAsyncEnumerable<CloudDevice> GetDevicesAsync(CancellationToken cancellationToken = default) =>
        ListAsync(_options.DevicesPath, DevicesPage, CloudDevice.Read, false, cancellationToken);

    /// <summary>Asks for a device. Needs a key that may read.</summary>
    public async Task<CloudDevice> GetDeviceAsync(string deviceId, CancellationToken cancellationToken = default)
    {
        CloudDevice device = CloudDevice.Read(
            await GetOneAsync("devices/" + Segment(deviceId), cancellationToken).ConfigureAwait(false));
        return device.DeviceId.Length > 0 ? device : device with { DeviceId = deviceId };
    }

    /// <summary>
    /// Sends what a device says of itself. The API documents neither path nor members, so it is off until
    /// <see cref="RufusCloudOptions.TelemetryRoute"/> says both. The cloud is said to refuse or drop a reading older than
    /// the one it has.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no route.</exception>
    public Task SendTelemetryAsync(
        string deviceId, DeviceTelemetry telemetry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(telemetry);
        CloudRoute route = _options.TelemetryRoute
            ?? throw new InvalidOperationException(
                "Telemetry is off: its path is not documented. Set RufusCloudOptions.TelemetryRoute.");
        return DoAsync(
            new(route.Method), route.PathOf("{deviceid}", Segment(deviceId)), telemetry.Write(route), cancellationToken);
    }
}
