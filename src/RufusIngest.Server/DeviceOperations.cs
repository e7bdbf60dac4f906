using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>The API's operations on devices.</summary>
sealed class DeviceOperations(OperationContext shared)
{
    static readonly string[] _members = ["serial_number", "model", "type", "alias", "firmware"];

    readonly VenueRules _rules = shared.Rules;
    readonly VenueStore _store = shared.Store;
    readonly Responses _responses = shared.Responses;

    public async Task BindAsync(HttpContext context)
    {
        var values = new string?[_members.Length];
        var required = _rules.BindNeedsType ? 3 : 2;
        if (!await shared.TryReadStringsAsync(context, _members, required, values).ConfigureAwait(false))
            return;
        if (values[2] is not null && !_rules.BindTakesType)
        {
            await shared.RefuseAsync(context, "type is not a member of the request").ConfigureAwait(false);
            return;
        }

        var description = new DeviceDescription(values[0]!, values[1]!, values[2], values[3], values[4]);
        var status = _store.TryBind(description, out var deviceId) ? _rules.BindStatus : _rules.BindAgainStatus;
        await _responses.SendAsync(context, status, "Device binded succesfully", "deviceid", deviceId)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// The device leaves the lists and its serial number is free again; its sessions are closed and stay readable by
    /// their tokens, where the cloud destroys them.
    /// </summary>
    public Task UnbindAsync(HttpContext context)
    {
        var deviceId = OperationContext.DeviceId(context);
        return _store.Unbind(deviceId)
            ? _responses.SendAsync(context, 200, "Device unbinded succesfully", "deviceid", deviceId)
            : shared.DeviceNotFoundAsync(context, deviceId);
    }

    public Task ListAsync(HttpContext context)
    {
        var query = new QueryReader(context.Request.Query);
        var paging = query.Paging();
        if (query.Error is { } error)
            return shared.RefuseAsync(context, error);
        var (devices, total) = _store.Devices(paging);
        return _responses.SendListAsync(context, devices, paging, total, ApiJson.WriteSummary);
    }

    public Task GetAsync(HttpContext context)
    {
        if (_store.FindDevice(OperationContext.DeviceId(context)) is not { } device)
            return _responses.SendAsync(context, 404, "Device not found"); // The only one without the identifier.
        return _responses.SendAsync(context, 200, Responses.Success, json =>
        {
            json.WritePropertyName("result"u8);
            ApiJson.WriteDetail(json, device);
        });
    }
}
