using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>The API's operations on devices.</summary>
sealed class DeviceOperations(OperationContext shared)
{
    static readonly string[] _members = ["serial_number", "model", "type", "alias", "firmware"];

    readonly VenueRules _rules = shared.Rules;
    readonly VenueStore _store = shared.Store;
    readonly Responses _responses = shared.Responses;

    public async Task BindAsync(HttpContext context, int company)
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
        var (deviceId, isNew) = await _store.BindAsync(company, description).ConfigureAwait(false);
        var status = isNew ? _rules.BindStatus : _rules.BindAgainStatus;
        await _responses.SendAsync(context, status, "Device binded succesfully", "deviceid", deviceId)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// The device leaves the lists and its serial number is free again; its sessions are closed and stay readable by
    /// their tokens, where the cloud destroys them.
    /// </summary>
    public async Task UnbindAsync(HttpContext context, int company)
    {
        var deviceId = OperationContext.DeviceId(context);
        var unbound = await _store.UnbindAsync(company, deviceId).ConfigureAwait(false);
        var answer = unbound
            ? _responses.SendAsync(context, 200, "Device unbinded succesfully", "deviceid", deviceId)
            : shared.DeviceNotFoundAsync(context, deviceId);
        await answer.ConfigureAwait(false);
    }

    public async Task ListAsync(HttpContext context, int company)
    {
        var query = new QueryReader(context.Request.Query);
        var paging = query.Paging();
        if (query.Error is { } error)
        {
            await shared.RefuseAsync(context, error).ConfigureAwait(false);
            return;
        }

        var (devices, total) = await _store.DevicesAsync(company, paging, context.RequestAborted).ConfigureAwait(false);
        await _responses.SendListAsync(context, devices, paging, total, ApiJson.WriteSummary).ConfigureAwait(false);
    }

    public async Task GetAsync(HttpContext context, int company)
    {
        var device = await _store.FindDeviceAsync(company, OperationContext.DeviceId(context), context.RequestAborted)
            .ConfigureAwait(false);
        var answer = device is null
            ? _responses.SendAsync(context, 404, "Device not found") // The only one without the identifier.
            : _responses.SendAsync(context, 200, Responses.Success, json =>
            {
                json.WritePropertyName("result"u8);
                ApiJson.WriteDetail(json, device);
            });
        await answer.ConfigureAwait(false);
    }
}
