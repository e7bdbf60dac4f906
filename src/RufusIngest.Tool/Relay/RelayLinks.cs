using RufusIngest.Cloud;

namespace RufusIngest.Tool.Relay;

/// <summary>The two servers a relay stands between, asked with patience, and what is on its way from one to the other.</summary>
/// <param name="terminal">Is told when a server does not answer.</param>
/// <param name="venue">Where passings are read.</param>
/// <param name="cloud">Where they go.</param>
/// <param name="store">What is on its way.</param>
/// <param name="isFollowing">Also a server that never answered is asked again.</param>
/// <param name="time">Clock of waits.</param>
sealed class RelayLinks(
    Terminal terminal, RufusCloudClient venue, RufusCloudClient cloud, RelayStore store, bool isFollowing, TimeProvider time)
{
    readonly Patience _patience = new(time);
    bool _venueAnswered = isFollowing;
    bool _cloudAnswered = isFollowing;

    /// <summary>Takes an exit code and tells what it stands for, once in a run.</summary>
    public required Action<int, string> FailOnce { get; init; }

    public RufusCloudClient Venue => venue;

    public RufusCloudClient Cloud => cloud;

    public RelayStore Store => store;

    public TimeProvider Time => time;

    /// <exception cref="ToolException">It refuses, or never answered.</exception>
    public async Task<T> AskVenueAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        T answer = await AskAsync(call, "venue server", () => _venueAnswered, cancellation).ConfigureAwait(false);
        _venueAnswered = true;
        return answer;
    }

    /// <exception cref="ToolException">It refuses, or never answered.</exception>
    public async Task<T> AskCloudAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        T answer = await AskAsync(call, "cloud", () => _cloudAnswered, cancellation).ConfigureAwait(false);
        _cloudAnswered = true;
        return answer;
    }

    /// <summary>A server that answered once will again; one that never did may be the wrong one.</summary>
    async Task<T> AskAsync<T>(
        Func<Task<T>> call, string who, Func<bool> answered, CancellationToken cancellation)
    {
        try
        {
            return await _patience.AskAsync(
                call,
                (failure, isFirst) =>
                {
                    if (!answered() && (failure.Failure is RufusFailure.Unreachable or RufusFailure.AnswerNotUnderstood))
                    {
                        throw new ToolException(
                            ExitCode.Unreachable,
                            $"the {who} does not answer: {failure.Message} Check the address; --follow waits for it.",
                            failure);
                    }

                    if (isFirst)
                        terminal.Say($"the {who} does not answer ({failure.Message}); trying on.");
                },
                cancellation).ConfigureAwait(false);
        }
        catch (RufusCloudException failure)
        {
            throw new ToolException(
                ExitCode.Refused, $"the {who} refuses: {failure.Message}{ToolCommand.WhatToDo(failure.Failure)}", failure);
        }
    }
}
