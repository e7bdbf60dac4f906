using System.CommandLine;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Api;

/// <summary><c>devices</c>: the timing devices of the account.</summary>
static class DevicesCommand
{
    public static Command Create(Terminal terminal)
    {
        ApiCommand command = new("devices", "List, bind and unbind timing devices.");
        Option<string> listPath = ApiCommand.ListPath(new RufusCloudOptions().DevicesPath);
        command.AddList(
            terminal, "list", "The devices of the account.", [listPath], Columns.Devices, "There are no devices.",
            (cloud, _, cancellation) => cloud.GetDevicesAsync(cancellation),
            parsed => new() { DevicesPath = parsed.GetValue(listPath)! });
        Argument<string> device = ApiCommand.Device();
        command.Add("show", "One device.", [device], async (cloud, parsed, cancellation) =>
        {
            CloudDevice found = await cloud.GetDeviceAsync(parsed.GetValue(device)!, cancellation).ConfigureAwait(false);
            new Listing<CloudDevice>(terminal, Columns.Devices, command.IsJson(parsed)).WriteOne(found);
            return ExitCode.Done;
        });
        AddBind(terminal, command);
        AddUnbind(terminal, command);
        AddTelemetry(terminal, command);
        return command.Command;
    }

    static void AddBind(Terminal terminal, ApiCommand command)
    {
        Option<string> model = new("--model") { Description = "Model.", Required = true };
        Option<string> serial = new("--serial-number") { Description = "Serial number.", Required = true };
        Option<string?> alias = new("--alias") { Description = "Display name." };
        Option<string?> firmware = new("--firmware") { Description = "Version of the firmware." };
        Option<string?> type = new("--type")
        {
            Description = "Kind of device; which there are is not documented.",
            DefaultValueFactory = _ => new RufusCloudOptions().DeviceType,
        };
        command.Add(
            "bind", "Register a device, or find it registered already. Prints its id.",
            [model, serial, alias, firmware, type],
            async (cloud, parsed, cancellation) =>
            {
                string id = await cloud.BindDeviceAsync(
                    parsed.GetValue(model)!, parsed.GetValue(serial)!, parsed.GetValue(alias), parsed.GetValue(firmware),
                    cancellationToken: cancellation).ConfigureAwait(false);
                terminal.PrintId(command.IsJson(parsed), "deviceid", id);
                return ExitCode.Done;
            },
            parsed => new() { DeviceType = parsed.GetValue(type) is { Length: > 0 } text ? text : null });
    }

    static void AddUnbind(Terminal terminal, ApiCommand command)
    {
        const string What = "with a device the cloud destroys all its sessions and passings";
        Argument<string> device = ApiCommand.Device();
        Option<bool> yes = new("--yes") { Description = "Do not ask." };
        command.Add(
            "unbind", $"Take a device off the account: {What}. Needs a key with the unbind flag.", [device, yes],
            async (cloud, parsed, cancellation) =>
            {
                string id = parsed.GetValue(device)!;
                if (!parsed.GetValue(yes) && terminal.Ask($"{What}. Unbind {id}?") != true)
                    throw ToolException.BadInput($"{What}: give --yes if that is meant.");
                await cloud.UnbindDeviceAsync(id, cancellation).ConfigureAwait(false);
                terminal.Say($"device {id} is unbound.");
                return ExitCode.Done;
            });
    }

    static void AddTelemetry(Terminal terminal, ApiCommand command)
    {
        Argument<string> device = ApiCommand.Device();
        (Option<string> path, Option<string[]> members) = ApiCommand.Route("devices/{deviceid}/status");
        Option<string> method = new("--method")
        {
            Description = "POST, PUT or PATCH.",
            DefaultValueFactory = _ => "POST",
        };
        Option<int?> battery = new("--battery") { Description = "Charge in percent." };
        Option<bool?> charging = new("--charging") { Description = "Whether it charges: true or false." };
        Option<string?> status = new("--status") { Description = "Status in words." };
        command.Add(
            "telemetry", "Send what a device says of itself, now. The API does not document where.",
            [device, path, method, members, battery, charging, status],
            async (cloud, parsed, cancellation) =>
            {
                await cloud.SendTelemetryAsync(
                    parsed.GetValue(device)!,
                    new()
                    {
                        MeasuredAt = TimeProvider.System.GetUtcNow(),
                        BatteryPercentage = parsed.GetValue(battery),
                        Charging = parsed.GetValue(charging),
                        Status = parsed.GetValue(status),
                    },
                    cancellation).ConfigureAwait(false);
                terminal.Say("sent.");
                return ExitCode.Done;
            },
            parsed => new()
            {
                TelemetryRoute = ApiCommand.ToRoute(
                    parsed.GetValue(path)!, parsed.GetValue(method)!, parsed.GetValue(members)),
            });
    }
}
