using System.Globalization;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>One probe: device, all experiments in order, sessions closed again. Only its start can end it.</summary>
sealed class ProbeRun(ProbeSettings settings, ProbeClient client, Action<string> say)
{
    static readonly TimeSpan _closingTime = TimeSpan.FromSeconds(20);

    readonly List<ProbeRow> _rows = [];
    CloudProfile _profile = new();

    /// <summary>Probes.</summary>
    /// <exception cref="ToolException">
    /// At the start only: the server cannot be reached, refuses the key, gives no device, or the device is in use.
    /// </exception>
    public async Task<ProbeResult> RunAsync(CancellationToken cancellation)
    {
        _profile = new CloudProfile { Address = client.Address, ProbedAt = client.Now };
        (string Device, bool CanRead)? free = null;
        ProbeBinding binding = await ProbeBinding.FindAsync(
            client, settings,
            async (device, token) => free = (device, await RequireFreeAsync(device, token).ConfigureAwait(false)),
            cancellation).ConfigureAwait(false);
        bool canRead = binding.CanList || (free?.Device == binding.DeviceId && free.Value.CanRead);
        if (free?.Device != binding.DeviceId)
            canRead |= await RequireFreeAsync(binding.DeviceId, cancellation).ConfigureAwait(false);
        ProbeSubject subject = new(client) { DeviceId = binding.DeviceId, CanRead = canRead };
        Experiment[] experiments = [.. ExperimentsOf(binding, subject)];
        try
        {
            foreach (Experiment experiment in experiments)
            {
                Finding finding = await FindAsync(experiment, canRead, cancellation).ConfigureAwait(false);
                Add(experiment, finding, $"{_rows.Count + 1}/{experiments.Length}");
            }
        }
        finally
        {
            await CloseAsync(subject).ConfigureAwait(false);
        }

        if (settings.Unbind)
            await UnbindAsync(binding.DeviceId, cancellation).ConfigureAwait(false);
        return new ProbeResult(_profile, _rows, client.Exchanges);
    }

    IEnumerable<Experiment> ExperimentsOf(ProbeBinding binding, ProbeSubject subject)
    {
        DuplicateExperiments duplicates = new(subject);
        return
        [
            .. new DeviceExperiments(client, binding).All,
            .. new SessionExperiments(subject).All,
            .. new PassingExperiments(subject).All,
            .. duplicates.All,
            .. new ReadingExperiments(subject).All,
            .. duplicates.InAnotherSession,
            .. new BatchExperiments(subject, duplicates, settings.MaxPassings).All,
            new("envelope", "all answers to what was taken", EnvelopeAsync),
        ];
    }

    static async Task<Finding> FindAsync(Experiment experiment, bool canRead, CancellationToken cancellation)
    {
        if (experiment.NeedsReading && !canRead)
            return new(Finding.NeedsReading);
        try
        {
            return await experiment.RunAsync(cancellation).ConfigureAwait(false);
        }
        catch (NoResultException e)
        {
            return new(e.Message);
        }
    }

    void Add(Experiment experiment, Finding finding, string place)
    {
        finding = finding with
        {
            Seen = client.Line(finding.Seen),
            Value = finding.Value is null ? null : client.Line(finding.Value),
        };
        _profile = finding.Into?.Invoke(_profile) ?? _profile;
        _rows.Add(new(experiment, finding));
        say($"{place} {experiment.Question}: {finding.Value ?? $"not known ({finding.Seen})"}");
    }

    Task<Finding> EnvelopeAsync(CancellationToken cancellation)
    {
        string seen = string.Join(", ", client.Envelopes.Select(pair => $"{pair.Value} are {pair.Key}"));
        return Task.FromResult(client.Envelopes.Count == 1 && client.Envelopes.First() is { Value: > 1 } only
            ? new Finding(seen, only.Key.ToString(), profile => profile with { Envelope = only.Key })
            : new Finding(seen.Length == 0 ? "no answer with members" : $"not one: {seen}"));
    }

    /// <summary>Refuses a device that somebody may be timing with; tells whether the key may read.</summary>
    async Task<bool> RequireFreeAsync(string deviceId, CancellationToken cancellation)
    {
        ProbeAnswer answer = await client.TrySendAsync(
            HttpMethod.Get, $"sessions/device/{IdOf(deviceId)}/active", null, cancellation)
            .ConfigureAwait(false);
        bool isKnown = answer.Status == 404 || (answer.IsSuccess && answer.Has("result"));
        string[] active = [.. answer.List("result")
            .Where(session => answer.IsSuccess && ProbeAnswer.Text(session, "alias") != ProbeSubject.Alias)
            .Select(session => ProbeAnswer.Text(session, "token_session") ?? "without a token")];
        if (!settings.ReplaceActive && active.Length > 0)
        {
            throw new ToolException(ExitCode.Refused, client.Line(
                $"the device has an active session ({active[0]}), which the probe would close: take another device, or "
                + "say --replace-active.", 300));
        }

        if (!settings.ReplaceActive && !isKnown)
        {
            throw new ToolException(ExitCode.Refused, client.Line(
                $"whether the device has an active session cannot be known ({answer.Words}), and the probe would close "
                + "it: say --replace-active if none is needed.", 300));
        }

        return isKnown;
    }

    /// <summary>Also when the probe was stopped: what it opened should not stay open.</summary>
    async Task CloseAsync(ProbeSubject subject)
    {
        using CancellationTokenSource limit = new(_closingTime);
        foreach (string session in subject.OpenSessions)
        {
            try
            {
                await subject.CloseAsync(session, limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is NoResultException or OperationCanceledException)
            {
                say(client.Line($"session {session} could not be closed: {e.Message}", 300));
            }
        }
    }

    async Task UnbindAsync(string deviceId, CancellationToken cancellation)
    {
        Experiment unbind = new("unbind", "DELETE /devices/…", async token =>
        {
            ProbeAnswer answer = await client.SendAsync(
                HttpMethod.Delete, $"devices/{IdOf(deviceId)}", null, token).ConfigureAwait(false);
            return new(answer.Words, answer.Status.ToString(CultureInfo.InvariantCulture));
        });
        Add(unbind, await FindAsync(unbind, true, cancellation).ConfigureAwait(false), "at the end,");
    }

    static string IdOf(string deviceId) => deviceId is "." or ".."
        ? throw new ToolException(ExitCode.Refused, "no device, the probe ends: its id is a path.")
        : Uri.EscapeDataString(deviceId);
}
